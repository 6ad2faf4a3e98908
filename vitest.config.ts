import { availableParallelism } from 'node:os'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { listPeerTests } from './scripts/checks/peer-tests.mjs'
import { peersSkipped } from './scripts/setup/peers.mjs'

const ssr = { resolve: { conditions: ['@trusthold/source', ...defaultServerConditions] } }

// Left out on request only; scripts/test.mjs then lists them as not run.
const exclude = peersSkipped() ? listPeerTests() : []

const project = (name: string, include: string[], testTimeout = 5_000) => ({
  ssr,
  test: { name, include, exclude, testTimeout, hookTimeout: Math.max(testTimeout, 30_000) },
})

export default defineConfig({
  test: {
    // Many tests wait for a peer, so that two processors are worth two workers.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project('core', ['packages/core/test/**/*.test.ts']),
      project('tpm-adapter', ['packages/tpm-adapter/test/**/*.test.ts'], 60_000),
      project('kmip-adapter', ['packages/kmip-adapter/test/**/*.test.ts'], 60_000),
      project('storage-adapter', ['packages/storage-adapter/test/**/*.test.ts'], 60_000),
      project('examples', ['examples/*/test/**/*.test.ts'], 60_000),
      project('checks', ['test/checks/**/*.test.ts'], 60_000),
      project('interop', ['test/interop/**/*.test.ts'], 120_000),
      project('fuzz', ['test/fuzz/**/*.test.ts'], 60_000),
      project('attacks', ['test/attacks/**/*.test.ts'], 60_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 180_000),
    ],
    coverage: { provider: 'v8', include: ['packages/*/src/**'], exclude: ['packages/*/src/**/index.ts'] },
  },
})
