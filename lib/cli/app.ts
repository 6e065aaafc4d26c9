/**
 * The command line: which commands there are, and how failures are told.
 *
 * @module
 */

import {
  type Application,
  type ApplicationText,
  buildApplication,
  buildRouteMap,
  type CommandContext,
  ExitCode,
  type RouteMap,
  run,
  text_en,
} from "@stricli/core";
import { Failure } from "../blocks/failure.ts";
import { isClosedPipe } from "../host/io_failure.ts";
import { stdoutColumns, wantsColor, writeStderr, writeStdout } from "../host/terminal.ts";
import { VERSION } from "../version.ts";
import { checkNotEmpty, normalizeArguments } from "./arguments.ts";
import { buildCommand, checkCommand } from "./build.ts";
import { completionCommand } from "./completion.ts";
import { convertCommand } from "./convert.ts";
import { type CommandDefinition, listCommands } from "./definitions.ts";
import { inspectCommand } from "./inspect.ts";
import { kickstartCommand } from "./kickstart.ts";
import { netbootCommand } from "./netboot.ts";
import { genImgCommand, installerHelperCommand, ksTemplateCommand } from "./compat_commands.ts";
import { payloadCommand } from "./payload.ts";
import { printable } from "./printable.ts";
import { printResult } from "./results.ts";
import { asksForHelp, findSlip } from "./usage/find_slip.ts";
import { type Slip, slipOf } from "./usage/slip.ts";
import { verifyCommand } from "./verify.ts";

const NAME = "esxi-img";
/** Exit statuses. */
const FAILED = 1;
const WRONG_USAGE = 2;

/** The commands. */
export const routes: RouteMap<CommandContext> = buildRouteMap({
  routes: {
    build: buildCommand,
    netboot: netbootCommand,
    check: checkCommand,
    convert: convertCommand,
    inspect: inspectCommand,
    verify: verifyCommand,
    kickstart: kickstartCommand,
    payload: payloadCommand,
    completion: completionCommand(() => listCommands(routes)),
    "gen-img": genImgCommand,
    "ks-template": ksTemplateCommand,
    "installer-helper": installerHelperCommand,
  },
  docs: {
    brief: "Turn a VMware ESXi installer ISO into a disk image that installs itself",
    fullDescription: [
      "Turns a VMware ESXi installer ISO into a disk image that installs ESXi unattended and then",
      "configures the host from OpenStack, MAAS or embedded metadata. It needs no root, no loop device,",
      "no KVM and no network.",
      "",
      "  esxi-img check esxi.iso --root-password-file pw           what would a build say?",
      "  esxi-img build esxi.iso --root-password-file pw           esxi.img.gz, for MAAS, dd",
      "  esxi-img build esxi.iso -o esxi.qcow2 --ssh-key id.pub    for OpenStack",
      "  esxi-img verify esxi.img.gz --iso esxi.iso                is every byte right?",
    ].join("\n"),
    hideRoute: { "gen-img": true, "ks-template": true, "installer-helper": true },
  },
});

/** Runs the command line. */
export async function runApp(args: readonly string[]): Promise<number> {
  let isDebug = args.includes("--debug");
  const colorDepth = args.includes("--no-color") || !wantsColor() ? 1 : 4;
  let text = "";
  const process = {
    // Help and version: written at the end, because run() reports write errors in its own words.
    stdout: { write: (more: string) => text += more, getColorDepth: () => colorDepth },
    // A reader that went away is no failure to tell, but run ends even that with a line break.
    stderr: { write: (text: string) => text.trim() === "" ? undefined : writeStderr(text) },
    // null: run only sets what is not set
    exitCode: null as number | string | null,
  };
  try {
    checkNotEmpty(args);
    const commands = listCommands(routes, true);
    const typed = normalizeArguments(args, commands.map(({ name }) => name));
    if (/^(-v|--version)$/.test(typed[0] ?? "") && typed.includes("--json")) {
      return await printVersion();
    }
    const words = typed.some((word) => word.startsWith("--config"))
      ? await (await import("./run_config.ts")).expandConfig(typed, commands)
      : typed;
    isDebug ||= words.includes("--debug=true");
    const slip = findSlip(words, commands);
    if (slip !== undefined) {
      writeStderr(describeSlip(slip, helpOf(words[0], commands)) + "\n");
      return WRONG_USAGE;
    }
    const command = commands.find(({ name }) => name === words[0]);
    if (words.length === 0 || (asksForHelp(words) && !words.includes("--version"))) {
      const about = command ?? commands.find(({ name }) => name === words[1]); // as in --help build
      await printHelp(about, commands, { withColor: colorDepth > 1 });
      return 0;
    }
    await run(application(routes, isDebug, helpOf(words[0], commands)), words, { process });
    writeStdout(text);
  } catch (error) {
    if (!isClosedPipe(error)) writeStderr(explain(error, isDebug) + "\n");
    return exitCodeOf(error);
  }
  const code = Number(process.exitCode ?? 0);
  const isUsage = code === ExitCode.InvalidArgument || code === ExitCode.UnknownCommand;
  return isUsage ? WRONG_USAGE : code < 0 ? FAILED : code;
}

/** Where a command's help is; that of all where there is no such command. */
function helpOf(name: string | undefined, commands: readonly CommandDefinition[]): string {
  return commands.some((command) => command.name === name) ? `${NAME} ${name}` : NAME;
}

function describeSlip({ where, what, remedy }: Slip, help: string): string {
  const see = remedy?.endsWith("--help") ? undefined : `see ${help} --help`;
  const clauses = [`${where}: ${what}`, remedy, see];
  return `${NAME}: ${printable(clauses.filter((clause) => clause !== undefined).join("; "))}`;
}

function exitCodeOf(error: unknown): number {
  return error instanceof Failure && error.code === "usage" ? WRONG_USAGE : FAILED;
}

/** Shows a command's help, or that of all. */
async function printHelp(
  command: CommandDefinition | undefined,
  commands: readonly CommandDefinition[],
  { withColor }: { readonly withColor: boolean },
): Promise<void> {
  const options = { name: NAME, columns: stdoutColumns(), withColor };
  if (command !== undefined) {
    const { renderHelp } = await import("./usage/help.ts");
    return writeStdout(renderHelp(command, options));
  }
  const { renderOverview } = await import("./usage/overview.ts");
  const text = { version: VERSION, description: routes.fullDescription! };
  writeStdout(renderOverview(commands, text, options));
}

/** What runs here, and what it may do. */
async function printVersion(): Promise<number> {
  const { listPermissions, runtimeVersions } = await import("../host/permissions.ts");
  const permissions = listPermissions();
  const facts = { name: NAME, version: VERSION, ...runtimeVersions(), permissions };
  printResult(facts);
  return 0;
}

/**
 * How arguments become a command, and failures a line.
 *
 * @param isDebug Whether to show where in the program a failure happened.
 * @param help The command whose help is pointed to.
 */
export function application(
  routes: RouteMap<CommandContext>,
  isDebug: boolean,
  help: string = NAME,
): Application<CommandContext> {
  const text: ApplicationText = {
    ...text_en,
    exceptionWhileParsingArguments: (error) => describeSlip(slipOf(error), help),
    noCommandRegisteredForInput: ({ input }) =>
      describeSlip({ where: input, what: "there is no such command" }, help),
    exceptionWhileRunningCommand: (error) => isClosedPipe(error) ? "" : explain(error, isDebug),
  };
  return buildApplication(routes, {
    name: NAME,
    versionInfo: { currentVersion: VERSION },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: {
      caseStyle: "convert-camel-to-kebab",
      useAliasInUsageLine: true,
      onlyRequiredInUsageLine: true,
    },
    localization: { text },
    determineExitCode: exitCodeOf,
  });
}

/** One line about what went wrong, and where in the program if that is asked for. */
function explain(error: unknown, isDebug: boolean): string {
  const stack = error instanceof Error ? error.stack : String(error);
  if (error instanceof Failure) {
    const line = `${NAME}: ${printable(error.message.replaceAll(/\s*\n\s*/g, " "))}`;
    return isDebug ? `${line}\n${stack}\n${error.cause ?? ""}`.trimEnd() : line;
  }
  const message = error instanceof Error ? error.message : String(error);
  return isDebug
    ? `${NAME}: ${stack}`
    : `${NAME}: internal error: ${message}; run it again with --debug and report it`;
}
