// The tests as they are, against sources with every change in them behind a switch. scripts/mutate/run.mjs says which.
import { readFileSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vitest/config'
import shared from '../../vitest.config.js'
import { root } from '../setup/command.mjs'
import { findMutations } from './mutations.mjs'
import { withSwitches } from './switches.mjs'

const { sources = [] } = JSON.parse(process.env['TRUSTHOLD_MUTATION'] ?? '{}') as { sources?: string[] }

const mutate: Plugin = {
  name: 'mutate',
  enforce: 'pre',
  load(id) {
    const file = sources.find((source) => id.split('?')[0] === root + source)
    if (file === undefined) return undefined
    const code = readFileSync(root + file, 'utf8')
    return { code: withSwitches(code, findMutations(file, code)), map: null }
  },
}

/** Milliseconds: a change that keeps a test waiting is noticed by then. */
const patience = 10_000

const projects = (shared.test?.projects ?? []).map((project) =>
  typeof project === 'object' && 'test' in project
    ? {
        ...project,
        plugins: [mutate],
        test: {
          ...project.test,
          testTimeout: Math.min(project.test?.testTimeout ?? patience, patience),
          runner: './scripts/mutate/runner.mjs',
        },
      }
    : project,
)

export default defineConfig({ test: { ...shared.test, projects } })
