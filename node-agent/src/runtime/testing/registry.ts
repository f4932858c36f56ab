/** A container registry on loopback, which engines accept without TLS: manifests and blobs, and what can go wrong with them. */
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";

export const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

type Files = Record<string, string | Buffer>;

export async function tarOf(files: Files): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  return buffer(tar);
}

export interface Registry {
  /** `127.0.0.1:<port>`. */
  host: string;
  /** The image is known under this name and tag from now on, e.g. `games/known:1`. Answers its digest. */
  push(reference: string, files: Files): Promise<string>;
  /** The layer that an image with these files has here, of its own also where another registry has the same files: the
   * engine keeps one image for both, and one who removes his takes it from the other. */
  layerOf(files: Files): Promise<Buffer>;
  /** From now on this digest is answered with another manifest. */
  forge(digest: string, otherDigest: string): void;
  /** What layers are answered with instead of their whole, while set. */
  spoil: ((response: ServerResponse, layer: Buffer) => void) | undefined;
  /** Manifests that were asked for. */
  asked: string[];
  close(): void;
}

export async function registry(): Promise<Registry> {
  const blobs = new Map<string, Buffer>();
  const layers = new Set<string>();
  const manifests = new Map<string, Buffer>();
  const server = createServer(({ url = "" }, response) => {
    if (url === "/v2/") return response.end("{}");
    const [, name, kind, which] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    if (kind === "manifests") {
      self.asked.push(`${name}:${which}`);
      const manifest = manifests.get(which!.startsWith("sha256:") ? which! : `${name}:${which}`);
      if (manifest) return answerManifest(response, manifest);
    }
    const blob = kind === "blobs" ? blobs.get(which!) : undefined;
    if (!blob) return unknown(response);
    response.writeHead(200, { "content-length": blob.length });
    if (self.spoil && layers.has(which!)) self.spoil(response, blob);
    else response.end(blob);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const keep = (blob: Buffer): string => {
    const digest = `sha256:${sha256(blob)}`;
    blobs.set(digest, blob);
    return digest;
  };
  const self: Registry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async push(reference, files) {
      const layer = await self.layerOf(files);
      const layerDigest = keep(layer);
      layers.add(layerDigest);
      const config = Buffer.from(JSON.stringify(configOf(layerDigest)));
      const manifest = Buffer.from(
        JSON.stringify(manifestOf({ config, layer }, { config: keep(config), layer: layerDigest })),
      );
      const digest = `sha256:${sha256(manifest)}`;
      manifests.set(digest, manifest).set(reference, manifest);
      return digest;
    },
    layerOf: (files) => tarOf({ ...files, "registry.txt": self.host }),
    forge: (digest, otherDigest) => void manifests.set(digest, manifests.get(otherDigest)!),
    spoil: undefined,
    asked: [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return self;
}

function answerManifest(response: ServerResponse, manifest: Buffer): void {
  const headers = { "content-type": manifestType, "docker-content-digest": `sha256:${sha256(manifest)}` };
  response.writeHead(200, { ...headers, "content-length": manifest.length }).end(manifest);
}

function unknown(response: ServerResponse): void {
  const error = { code: "MANIFEST_UNKNOWN", message: "manifest unknown" };
  response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ errors: [error] }));
}

const configOf = (layer: string) => ({
  architecture: "amd64",
  os: "linux",
  config: { Cmd: ["/bin/sh"] },
  rootfs: { type: "layers", diff_ids: [layer] },
});

const manifestOf = (bytes: { config: Buffer; layer: Buffer }, digests: { config: string; layer: string }) => ({
  schemaVersion: 2,
  mediaType: manifestType,
  config: {
    mediaType: "application/vnd.docker.container.image.v1+json",
    size: bytes.config.length,
    digest: digests.config,
  },
  layers: [
    { mediaType: "application/vnd.docker.image.rootfs.diff.tar", size: bytes.layer.length, digest: digests.layer },
  ],
});
