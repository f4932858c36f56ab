export default {
  files: ["*/src/**/*.test.ts", "scripts/**/*.test.ts"],
  extensions: ["ts"],
  timeout: "60s",
  concurrency: 2,
};
