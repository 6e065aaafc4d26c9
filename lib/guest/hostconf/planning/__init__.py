"""Host description + inventory → commands and kickstart lines. Pure: nothing here runs, reads or writes."""
