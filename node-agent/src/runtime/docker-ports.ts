/** Host ports that containers publish, ours or anyone's. */
import { limits, type Engine } from "./docker-engine.ts";
import type { Runtime } from "./runtime.ts";

/** See Runtime.publishedPorts. IPv4 and IPv6 count once. */
export async function publishedPorts(engine: Engine): ReturnType<Runtime["publishedPorts"]> {
  const running = await engine.call("list published ports", limits.read, (abortSignal) =>
    engine.docker.listContainers({ abortSignal } as object),
  );
  const ports = new Map<string, { protocol: "tcp" | "udp"; port: number; by: string }>();
  for (const { Ports: published, Names: names, Id: id } of running)
    for (const { PublicPort: port, Type: protocol } of published)
      if (port && (protocol === "tcp" || protocol === "udp"))
        ports.set(`${protocol} ${port}`, { protocol, port, by: `container ${names[0]?.slice(1) ?? id}` });
  return [...ports.values()];
}
