"""Option syntax, errors and help of esxcli."""
import unittest

from fake_esxi.tests.base import HostTest, block

_HELP = block("""
    Usage: esxcli network vswitch standard portgroup set [cmd options]

    Description: 
      set                   Set the vlan id for the given port group

    Cmd options:
      -p|--portgroup-name=<str>
                            The name of the port group to set vlan id for. (required)
      -v|--vlan-id=<long>   The vlan id for this port group. This value is in the range (0 - 4095)
    """)


class Spellings(HostTest):
    def test_all_four_spellings_mean_the_same(self):
        for words in (["-v", "vSwitch0"], ["-v=vSwitch0"], ["--vswitch-name", "vSwitch0"],
                      ["--vswitch-name=vSwitch0"]):
            self.assertIn("   Name: vSwitch0", self.ok("esxcli", "network", "vswitch", "standard", "list", *words))

    def test_every_spelling_of_a_boolean(self):
        for text in ("0", "n", "no", "f", "false", "off", "False", "FALSE"):
            self.net(f"vswitch standard policy security set -v vSwitch0 -f {text}")
            self.assertFalse(self.host.config()["vswitches"]["vSwitch0"]["security"]["forged"])
            self.net("vswitch standard policy security set -v vSwitch0 -f=true")
        for text in ("1", "y", "yes", "t", "true", "on", "True"):
            self.net("vswitch standard policy security set -v vSwitch0 -f=off")
            self.net(f"vswitch standard policy security set -v vSwitch0 -f {text}")
            self.assertTrue(self.host.config()["vswitches"]["vSwitch0"]["security"]["forged"])

    def test_repeated_option_makes_a_list(self):
        self.ok("esxcli system ntp set --server 192.0.2.1 --server=192.0.2.2")
        self.assertEqual(self.host.summary()["ntp"]["servers"], ["192.0.2.1", "192.0.2.2"])

    def test_names_with_blanks_are_one_word(self):
        self.net("vswitch", "standard", "portgroup", "set", "-p", "Management Network", "-v", "7")
        self.assertEqual(self.host.summary()["interfaces"][0]["vlan"], 7)

    def test_case_counts_unless_the_switch_says_otherwise(self):
        self.fails("esxcli network vswitch standard list -v vswitch0")
        self.make(switches={"name_case": "insensitive"})
        self.net("vswitch standard list -v vswitch0")


class Errors(HostTest):
    def test_wrong_integer(self):
        self.assertEqual(
            self.fails("esxcli network vswitch standard portgroup set -p x --vlan-id abc"),
            "Error: While processing '--vlan-id'. Argument type mismatch. Expecting integer value. Got 'abc'\n\n"
            + _HELP)

    def test_wrong_boolean_quotes_the_option_as_typed(self):
        self.assertEqual(
            self.fails("esxcli network firewall set -e Falsefff").splitlines()[0],
            "Error: While processing '-e'. Argument type mismatch. Expecting one of {0, 1, n[o], y[es], f[alse], "
            "t[rue], off, on}. Got 'Falsefff'")

    def test_missing_required(self):
        text = self.fails("esxcli system shutdown reboot -d 20")
        self.assertTrue(text.startswith("Error: Missing required parameter -r|--reason\n\nUsage: esxcli system"), text)

    def test_several_missing_parameters(self):
        text = self.fails("esxcli network ip route ipv4 add")
        self.assertTrue(text.startswith("Error: Missing required parameter -g|--gateway\n"
                                        "Error: Missing required parameter -n|--network\n\n"), text)
        self.make(switches={"missing_parameters": "first"})
        text = self.fails("esxcli network ip route ipv4 add")
        self.assertTrue(text.startswith("Error: Missing required parameter -g|--gateway\n\n"), text)

    def test_unknown_command(self):
        self.assertEqual(self.fails("esxcli network ip dns server get"),
                         "Error: Unknown command or namespace network ip dns server get\n")
        self.assertEqual(self.fails("esxcli networks"), "Error: Unknown command or namespace networks\n")

    def test_words_that_are_no_options(self):
        self.fails("esxcli network nic list vmnic0")

    def test_linux_like_synonyms_are_refused(self):
        for line in ("esxcli network vswitch standard portgroup set -p x --vlan 5",
                     "esxcli network ip route ipv4 add --gw 192.0.2.1 -n default",
                     "esxcli network ip interface ipv4 set -i vmk0 -t static -I 192.0.2.5 -m 255.255.255.0",
                     "esxcli network vswitch standard add --vswitch vSwitch1"):
            text = self.fails(line)
            self.assertTrue(text.startswith("Error: Invalid option --") or text.startswith("Error: Invalid option -m"))
            self.assertIn("Usage: esxcli network", text)

    def test_flags_take_no_value(self):
        self.assertIn("Invalid option", self.fails("esxcli network ip dns server remove --all=true"))

    def test_range(self):
        self.assertEqual(self.fails("esxcli system shutdown reboot -d 5 -r x"),
                         "Invalid data constraint for parameter 'delay'. "
                         "Expected integer in the range 10-4294967295\n")

    def test_enum(self):
        text = self.fails("esxcli network ip interface ipv4 set -i vmk0 -t manual")
        self.assertTrue(text.startswith("Invalid data constraint for parameter 'type'."), text)
        self.make(switches={"enum_tail": "none"})
        self.assertEqual(self.fails("esxcli network ip interface ipv4 set -i vmk0 -t manual"),
                         "Invalid data constraint for parameter 'type'.\n")

    def test_errors_go_where_the_switch_says(self):
        status, stdout, stderr = self.run_line("esxcli network bogus")
        self.assertEqual((status, stderr), (1, ""))
        self.make(switches={"error_stream": "stderr"})
        status, stdout, stderr = self.run_line("esxcli network bogus")
        self.assertEqual((status, stdout), (1, ""))
        self.assertIn("Unknown command", stderr)

    def test_value_missing_at_the_end(self):
        self.fails("esxcli network vswitch standard list -v")

    def test_unknown_formatter(self):
        self.assertEqual(self.fails("esxcli --formatter=json network nic list"),
                         "Unable to find requested formatter: json\n")
        self.ok("esxcli --debug --formatter=json network nic list")
        self.make(release="6.7.0")
        self.fails("esxcli --debug --formatter=json network nic list")

    def test_hostd_down(self):
        self.make(hostd="down")
        self.assertEqual(self.fails("esxcli network nic list"),
                         "Connect to localhost failed: Connection failure\n")
        self.ok("localcli network nic list")

    def test_hostd_comes_up_after_some_calls(self):
        self.make(hostd=2)
        self.fails("esxcli network nic list")
        self.fails("vim-cmd hostsvc/runtimeinfo")
        self.ok("esxcli network nic list")


class Help(HostTest):
    def test_command(self):
        for word in ("--help", "-?"):
            self.assertEqual(self.ok(f"esxcli network vswitch standard portgroup set {word}"), _HELP)

    def test_namespace(self):
        self.assertEqual(self.ok("esxcli system uuid --help"), block("""
            Usage: esxcli system uuid {cmd} [cmd options]

            Available Commands:
              get                   Show the UUID of this host
            """))
        self.assertIn("Available Namespaces:\n  interface  ".replace("  interface", "  connection"),
                      self.ok("esxcli network ip --help"))

    def test_secret_options_say_so(self):
        self.assertIn("Password (secret)", self.ok("esxcli system account set --help"))


class Releases(HostTest):
    def test_commands_that_not_every_release_has(self):
        for release, ntp, ssh in (("6.7.0", False, False), ("7.0.3", True, False), ("8.0.3", True, True),
                                  ("9.1.1", True, True)):
            self.make(release=release)
            self.assertEqual(self.run_line("esxcli system ntp get")[0], 0 if ntp else 1)
            self.assertEqual(self.run_line("esxcli system ssh key list")[0], 0 if ssh else 1)
        self.make(release="6.7.0")
        self.assertEqual(self.fails("esxcli system ntp set -s 192.0.2.1"),
                         "Error: Unknown command or namespace system ntp set\n")
        self.assertIn("Invalid option", self.fails("esxcli system account set -i dcui -s false"))

    def test_localcli_lacks_what_needs_hostd(self):
        self.assertIn("Unknown command", self.fails("localcli system shutdown reboot -r x"))
        self.ok("localcli system account list")
        self.make(switches={"localcli_vim_backed": "more"})
        self.assertIn("Unknown command", self.fails("localcli system account list"))


if __name__ == "__main__":
    unittest.main()
