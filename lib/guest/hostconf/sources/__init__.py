"""What a deployer gave: files, user data and answers, in whatever form, → parts of the host description."""
