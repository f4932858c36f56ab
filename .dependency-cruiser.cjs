/** Who may import whom: docs/architecture.md as rules. Tests may reach further, but never into another program. */
const test = "\\.test\\.ts$|/testing/|\\.contract\\.ts$";
const tools = "cli|scripts|e2e|bench|games";
const rule = (name, from, to) => ({ name, severity: "error", from, to });

module.exports = {
  forbidden: [
    // The programs know each other only by openapi.json and by shared.
    rule("web-alone", { path: "^web/" }, { path: `^(control-plane|node-agent|${tools})/` }),
    rule("control-plane-alone", { path: "^control-plane/" }, { path: `^(web|node-agent|${tools})/` }),
    rule("node-agent-alone", { path: "^node-agent/" }, { path: `^(web|control-plane|${tools})/` }),
    rule("cli-alone", { path: "^cli/" }, { path: "^(web|control-plane|node-agent|scripts|e2e|bench|games)/" }),
    rule("shared-knows-nobody", { path: "^shared/" }, { path: `^(web|control-plane|node-agent|${tools})/` }),
    rule(
      "shared-runs-anywhere",
      { path: "^shared/src/", pathNot: "\\.test\\.ts$|^shared/src/node/" },
      { dependencyTypes: ["core"] },
    ),
    // Wings of the control plane: platform <- people <- hosting <- play.
    rule(
      "platform-comes-first",
      { path: "^control-plane/src/platform/", pathNot: test },
      { path: "^control-plane/src/(people|hosting|play)/" },
    ),
    rule(
      "people-before-hosting",
      { path: "^control-plane/src/people/", pathNot: test },
      { path: "^control-plane/src/(hosting|play)/" },
    ),
    rule(
      "hosting-before-play",
      { path: "^control-plane/src/hosting/", pathNot: test },
      { path: "^control-plane/src/play/" },
    ),
    // Operations translate, services decide, stores remember.
    rule("operations-translate-only", { path: "/operations\\.ts$" }, { path: "/store\\.ts$" }),
    rule("stores-remember-only", { path: "/store\\.ts$" }, { path: "/(operations|service|present)\\.ts$" }),
    rule(
      "stores-are-private",
      { path: "^control-plane/src/(people|hosting|play)/([^/]+)/", pathNot: test },
      { path: "^control-plane/src/(people|hosting|play)/[^/]+/store\\.ts$", pathNot: "^control-plane/src/$1/$2/" },
    ),
    // The agent: only runtime/docker* knows Docker; the door knows "awake?" and "wake", no more; lib/ knows nobody.
    rule(
      "docker-behind-the-runtime",
      { path: "^(node-agent|control-plane|shared|web)/", pathNot: "^node-agent/src/runtime/docker" },
      { path: "dockerode|docker-modem" },
    ),
    rule(
      "supervisors-see-interfaces",
      { path: "^node-agent/src/(servers|idle)/", pathNot: test },
      { path: "^node-agent/src/(runtime/(docker|fake)|net/|link/|http/|door/door-server|readiness/probe)" },
    ),
    rule(
      "door-knows-shared-only",
      { path: "^node-agent/src/door/", pathNot: test },
      { path: "^node-agent/src/", pathNot: "^node-agent/src/(door|kernel|lib)/" },
    ),
    rule(
      "agent-lib-stays-lowest",
      { path: "^node-agent/src/lib/" },
      { path: "^node-agent/src/", pathNot: "^node-agent/src/lib/" },
    ),
    rule(
      "agent-kernel-knows-lib-only",
      { path: "^node-agent/src/kernel/", pathNot: test },
      { path: "^node-agent/src/", pathNot: "^node-agent/src/(kernel|lib)/" },
    ),
    // The dashboard: share by moving down, not sideways; from shared it takes words, and schemas as types alone, since
    // no browser needs to load their library.
    rule(
      "web-takes-words",
      { path: "^web/src/", pathNot: test },
      {
        path: "^shared/src/",
        pathNot: "^shared/src/(domain|ports|words|api)/|/variable-fault\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    ),
    // The command line starts in no time: of shared it loads words, never the library of schemas.
    rule(
      "cli-takes-words",
      { path: "^cli/src/", pathNot: test },
      {
        path: "^shared/src/",
        pathNot: "^shared/src/(domain|ports|words|api)/|/net/address\\.ts$|/games/variable-fault\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    ),
    rule(
      "features-apart",
      { path: "^web/src/features/([^/]+)/" },
      { path: "^web/src/features/", pathNot: "^web/src/features/$1/" },
    ),
    rule("ui-stays-low", { path: "^web/src/ui/" }, { path: "^web/src/(api|features|layouts)/" }),
    rule("lib-stays-lowest", { path: "^web/src/lib/" }, { path: "^web/src/(api|features|layouts|ui)/" }),
    // Everywhere.
    rule("tests-are-leaves", { pathNot: test }, { path: test, pathNot: "node_modules" }),
    rule(
      "roots-are-roots",
      {},
      { path: "^(control-plane|node-agent|scripts|cli)/src/(door/)?main\\.ts$|^scripts/main\\.ts$" },
    ),
    rule("resolvable", {}, { couldNotResolve: true }),
    // A cycle of types alone vanishes when types are stripped.
    rule("no-cycles", {}, { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|dist-types|node_modules/\\.cache)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".json", ".css"],
    },
  },
};
