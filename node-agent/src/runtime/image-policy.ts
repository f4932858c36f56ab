/**
 * Which images a node runs, by its operator's list and not by the control plane's word: a control plane in wrong hands
 * must not be able to bring any program onto the machine. Pure.
 */
import { AppError, type ServerSpec } from "@playspawn/shared";

/** The repositories of the games we ship, and images that are built from their folders. */
export const defaultImageAllow = [
  "builds",
  "itzg/*",
  "danixu86/project-zomboid-dedicated-server",
  "didstopia/rust-server",
  "factoriotools/factorio",
  "ghcr.io/pryaxis/tshock",
  "joedwards32/cs2",
  "lloesche/valheim-server",
  "thijsvanloef/palworld-server-docker",
  "vinanrra/7dtd-server",
  "wolveix/satisfactory-server",
] as const;

/** Stands for every image that is built from a game's folder. What its Dockerfile starts from is not looked at. */
const builds = "builds";

export interface Reference {
  /** Registry and path, e.g. `docker.io/library/debian`. */
  repository: string;
  /** e.g. `sha256:…`; null when it is given by its tag. */
  digest: string | null;
}

const syntax =
  /^([a-z0-9][a-z0-9._-]*(?::[0-9]{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*?)(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@(sha256:[0-9a-f]{64}))?$/;
const referenceCharactersMax = 512;

/** Undefined when it is no reference; the engine would take some of those for something else. */
export function parseReference(text: string): Reference | undefined {
  if (text.length > referenceCharactersMax) return undefined;
  const [, name, digest] = syntax.exec(text) ?? [];
  return name === undefined ? undefined : { repository: fullName(name), digest: digest ?? null };
}

/** As Docker reads it: a first part with a dot or a port, or `localhost`, is a registry. */
function fullName(name: string): string {
  const [first = "", ...rest] = name.split("/");
  if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) return name;
  return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
}

const patternSyntax = /^[a-z0-9*][a-z0-9._:*-]*(\/[a-z0-9*][a-z0-9._*-]*)*$/;

/** `builds`, `*`, or a repository in which `*` stands for a part without a slash and `**` for any. */
export const isImagePattern = (text: string): boolean => text.length <= 255 && patternSyntax.test(text);

const toRegex = (pattern: string): RegExp => {
  if (pattern === "*") return /^/;
  const parts = fullName(pattern).split(/(\*\*|\*)/);
  const escaped = parts.map((part) => (part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replaceAll(".", "\\.")));
  return new RegExp(`^${escaped.join("")}$`);
};

/** @throws AppError image_not_allowed */
export type ImagePolicy = (image: ServerSpec["image"]) => void;

export function imagePolicy(patterns: readonly string[]): ImagePolicy {
  const repositories = patterns.filter((pattern) => pattern !== builds).map(toRegex);
  const buildsAllowed = patterns.includes(builds) || patterns.includes("*");
  return (image) => {
    if (!("ref" in image)) {
      if (buildsAllowed) return;
      throw refused("This node builds no images", "builds");
    }
    const reference = parseReference(image.ref);
    if (!reference)
      throw new AppError(
        "image_not_allowed",
        `${JSON.stringify(image.ref.slice(0, 100))} is not an image reference such as docker.io/itzg/minecraft-server:latest.`,
      );
    if (repositories.some((regex) => regex.test(reference.repository))) return;
    throw refused(`This node does not run images of ${reference.repository}`, reference.repository);
  };
}

const refused = (what: string, add: string): AppError =>
  new AppError(
    "image_not_allowed",
    `${what}. Whoever runs the node may add ${add} to its PLAYSPAWN_IMAGE_ALLOW and start its agent again.`,
  );
