import { defineConfig } from "vite";

// Built apart from the dashboard, which shares nothing with it and stays as small as it is: one page, one program, one style.
export default defineConfig({
  root: import.meta.dirname,
  base: "/graphiql/",
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      output: { codeSplitting: false },
      onLog: (level, log, tell) => log.code === "MODULE_LEVEL_DIRECTIVE" || tell(level, log), // "use client" means nothing here
    },
  },
});
