import { Folder } from "/tmp/wt/release/tests/support/folder.ts";
import { onBareMachine } from "/tmp/wt/release/tests/support/bare_machine.ts";
using f = new Folder();
console.log((await onBareMachine(f, Deno.args[0]!, {programs:["tar","gzip","git","make"], binds:{"/packages":"/tmp/rel/pk","/registry.mjs":"/tmp/wt/release/tests/support/npm_registry.mjs","/esxi-img.tgz":"/tmp/wt/release/dist/release/esxi-img-0.1.0.tgz"}, env:{npm_config_registry:"http://127.0.0.1:4874", npm_config_update_notifier:"false"}})));
