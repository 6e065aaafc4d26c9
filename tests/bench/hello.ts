/**
 * The least a compiled executable can do: the bench compares our start-up with it.
 *
 * @module
 */

console.log("hello, world");
