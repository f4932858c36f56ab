/**
 * dockerode loads clients for SSH and for sessions of BuildKit as soon as it is loaded itself: a megabyte and a half of
 * source, 6 MB of memory. `DOCKER_HOST` is a socket or an address here and images are built by the engine's plain API,
 * so those are left out. To be imported before it.
 */
import { registerHooks } from "node:module";

const unused = new Set(["ssh2", "@grpc/grpc-js", "@grpc/proto-loader", "protobufjs"]);
const importers = /\/node_modules\/(?:dockerode|docker-modem)\//;
/** Any module that is there anyway: nothing of what is left out is called. */
const inItsPlace = { url: "node:path", format: "builtin", shortCircuit: true } as const;

registerHooks({
  resolve: (specifier, context, next) =>
    unused.has(specifier) && importers.test(context.parentURL ?? "") ? inItsPlace : next(specifier, context),
});
