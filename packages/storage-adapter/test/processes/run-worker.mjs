// Runs one of the workers beside this file from its TypeScript source: `node run-worker.mjs <file> <arguments>`.
import { fileURLToPath } from 'node:url'
import { defaultServerConditions, runnerImport } from 'vite'

const worker = fileURLToPath(new URL(String(process.argv[2]), import.meta.url))
await runnerImport(worker, {
  configFile: false,
  logLevel: 'error',
  environments: {
    inline: {
      resolve: {
        conditions: ['@trusthold/source', ...defaultServerConditions],
        noExternal: [/^@trusthold\//],
      },
    },
  },
})
