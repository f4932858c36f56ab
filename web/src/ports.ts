/** The browser's clock, timers and chance. */
export { systemPorts as ports } from "@playspawn/shared/ports/system.ts";
