import { listSources } from '../../scripts/checks/sources.mjs'

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default { entryPoints: listSources('packages/tpm-adapter') }
