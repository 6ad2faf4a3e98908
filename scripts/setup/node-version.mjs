import { SetupError } from './progress.mjs'

const required = [20, 19]

/**
 * Stops with a clear message on a Node that cannot run the project.
 * @param {string} [version] as in `process.versions.node`
 */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [requiredMajor = 0, requiredMinor = 0] = required
  if (major > requiredMajor || (major === requiredMajor && minor >= requiredMinor)) return
  throw new SetupError(
    `Trusthold needs Node ${required.join('.')} or newer; this is ${version} (${process.execPath}).\n` +
      'The file .nvmrc names the version that the project is developed with: `nvm install` picks it up.',
  )
}
