/** Steps of a game's self-test, as people read them in the dashboard and on the command line. */
import type { components } from "../api/schema.gen.ts";

export const stepNames: Record<components["schemas"]["GameTestStep"]["name"], string> = {
  place: "A node and ports",
  image: "Image is there",
  container: "Container is up",
  ready: "Players can join",
  ports: "Every port is bound",
  query: "Query is answered",
  stop: "Stops by itself",
  cleanup: "Cleaned up",
};
