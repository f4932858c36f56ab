/** Paths of a container that are the system's own: files laid there hide what the image, the engine or the kernel puts there. */

/** Nothing at them; below them a game may have a folder of its own. */
const folders = new Set([
  "/",
  "/etc",
  "/root",
  "/tmp",
  "/usr",
  "/usr/local",
  "/usr/share",
  "/var",
  "/var/lib",
  "/var/tmp",
]);
/** Nothing at them nor below: the kernel's, sockets of the machine, programs and their libraries. */
const trees = /^\/(?:boot|dev|proc|sys|(?:var\/)?run|(?:usr\/(?:local\/)?)?(?:s?bin|lib(?:32|64|x32|exec)?))(?:\/|$)/;
/** What the engine and the agent write for each container, and who may be whom in it. */
const files = /^\/etc\/(?:passwd|g?shadow|group|machine-id|hosts|hostname|resolv\.conf|ld\.so\.[^/]*)(?:\/|$)/;

/** @param path absolute, without `..`; written plainly or not */
export function isSystemPath(path: string): boolean {
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  const plain = `/${steps.join("/")}`;
  return folders.has(plain) || trees.test(plain) || files.test(plain);
}
