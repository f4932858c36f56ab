import test from "ava";
import { answering, cli, folder } from "./testing/cli.ts";

test("names for completion are asked for once in ten seconds, and nothing is said when they cannot be had", async (t) => {
  let asked = 0;
  const url = await answering(t, (_request, response) => {
    asked++;
    const items = [
      { id: "srv_1", name: "one" },
      { id: "srv_2", name: "two" },
      { id: "srv_3", name: "two" },
    ];
    response.setHeader("content-type", "application/json").end(JSON.stringify({ items, nextCursor: null }));
  });
  const configDir = await folder(t);
  const complete = (...words: string[]) => cli(t, ["--complete", ...words], { configDir, url });
  t.is((await complete("server", "show", "")).out, "one\tsrv_1\nsrv_2\ttwo\nsrv_3\ttwo\n");
  t.is((await complete("server", "wake", "--wait", "o")).out, "one\tsrv_1\n");
  t.is(asked, 1);
  t.deepEqual((await complete("server", "create", "tiny", "--node", "on")).out, "one\tsrv_1\n");
  t.deepEqual(await cli(t, ["--complete", "server", "show", ""], { url: "http://127.0.0.1:1" }), {
    code: 0,
    out: "",
    err: "",
  });
});

test("after --set come the variables of the game, or those that the server has", async (t) => {
  const url = await answering(t, (request, response) => {
    const game = { id: "tiny", variables: { MAX: { label: "Players" }, MOTD: { label: "Greeting" } } };
    const server = { id: "srv_1", name: "one", variables: { MAX: 8 } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url!.includes("/games/") ? game : { items: [server], nextCursor: null }));
  });
  const complete = async (...words: string[]) => (await cli(t, ["--complete", ...words], { url })).out;
  t.is(await complete("server", "create", "tiny", "--set", ""), "MAX=\tPlayers\nMOTD=\tGreeting\n");
  t.is(await complete("server", "create", "tiny", "--set", "MAX=1", "--set", "MO"), "MOTD=\tGreeting\n");
  t.is(await complete("server", "change", "one", "--set", ""), "MAX=\t\n");
  t.is(await complete("server", "create", "--set", ""), "");
});
