import { defineConfig } from "vitest/config";

// Podman is no part of what is promised for every machine; whoever asks for its tests must have it.
const withoutPodman = process.env["BOTTLE_TEST_PODMAN"] === "1" ? [] : ["test/contract/podman.test.ts"];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/*.test.ts"], testTimeout: 20_000 } },
      {
        test: {
          name: "system",
          include: ["test/{contract,security,socket,images,e2e}/**/*.test.ts"],
          exclude: withoutPodman,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
