import Docker from "dockerode";
export declare const docker: Docker;
/** Everything on the engine that carries this installation's label. */
export declare function ours(installationId: string): Promise<{
  containers: Docker.ContainerInfo[];
  networks: Docker.NetworkInspectInfo[];
}>;
export declare function gameOf(
  installationId: string,
  server: string,
): Promise<Docker.ContainerInspectInfo | undefined>;
export declare function holderOf(
  installationId: string,
  server: string,
): Promise<Docker.ContainerInspectInfo | undefined>;
export declare const installationOf: (dataDir: string) => Promise<string>;
/** Removes what an installation left on the engine. */
export declare function sweep(dataDir: string): Promise<void>;
/** Everything on the engine, ours or not, in words that can be compared. */
export declare function inventory(): Promise<{
  containers: string[];
  networks: string[];
  volumes: string[];
}>;
