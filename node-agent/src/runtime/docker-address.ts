/** Where an engine is reached. */
import type { DockerOptions } from "dockerode";

/** @param host `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`, as in `DOCKER_HOST` */
export function dockerAddress(host: string): DockerOptions {
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  if (host.startsWith("/")) return { socketPath: host };
  const url = new URL(host);
  return { protocol: "http", host: url.hostname, port: Number(url.port || 2375) };
}
