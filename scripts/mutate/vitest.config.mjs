// The tests as they are, against sources with one check left out or turned around. scripts/mutate.mjs says which.
// The file itself, which vitest's loader takes as it is.
// @ts-expect-error TS5097
import shared from '../../vitest.config.ts'
import { applyMutation } from './mutations.mjs'

/** @type {import('./mutations.mjs').Mutation} */
const mutation = JSON.parse(process.env['TRUSTHOLD_MUTATION'] ?? '{}')

/** @type {import('vite').Plugin} */
const mutate = {
  name: 'mutate',
  enforce: 'pre',
  transform(code, id) {
    if (!id.split('?')[0]?.endsWith(`/${mutation.file}`)) return undefined
    return { code: applyMutation(mutation, code), map: null }
  },
}

const settings = /** @type {import('vitest/config').ViteUserConfig} */ (/** @type {unknown} */ (shared))
const projects = (settings.test?.projects ?? []).map((project) =>
  typeof project === 'object' ? { ...project, plugins: [mutate] } : project,
)

export default { ...settings, test: { ...settings.test, projects, bail: 1 } }
