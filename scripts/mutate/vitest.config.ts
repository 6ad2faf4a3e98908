// The tests as they are, against sources with one check left out or turned around. scripts/mutate.mjs says which.
import { defineConfig, type Plugin } from 'vitest/config'
import shared from '../../vitest.config.js'
import { applyMutation, type Mutation } from './mutations.mjs'

const mutation = JSON.parse(process.env['TRUSTHOLD_MUTATION'] ?? '{}') as Mutation

const mutate: Plugin = {
  name: 'mutate',
  enforce: 'pre',
  transform(code, id) {
    if (id.split('?')[0]?.endsWith(`/${mutation.file}`) !== true) return undefined
    return { code: applyMutation(mutation, code), map: null }
  },
}

const projects = (shared.test?.projects ?? []).map((project) =>
  typeof project === 'object' && !('then' in project) ? { ...project, plugins: [mutate] } : project,
)

export default defineConfig({ test: { ...shared.test, projects, bail: 1 } })
