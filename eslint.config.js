// Biome formats and does the base lint. ESLint does what needs types, the import directions, and the size limits.
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/**
 * What each room of core may import from the others. Every room but `verdict` may also import `errors`, and every
 * room above `bytes` may import `bytes`: see `alwaysAllowed`. `.` is the root entry; `room/file` allows that file in the
 * place of the room's index, for one side of a room that must not bring the other along.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const rooms = {
  '.': ['bytes', 'errors'],
  errors: [],
  verdict: [],
  bytes: [],
  codec: [],
  ports: [],
  x509: [],
  jose: [],
  tpm2: ['codec'],
  'measured-boot': ['tpm2', 'codec'],
  endorsement: ['x509', 'tpm2', 'verdict'],
  evidence: ['measured-boot', 'tpm2', 'codec', 'verdict'],
  policy: ['measured-boot', 'tpm2', 'verdict'],
  token: ['jose', 'ports'],
  protocol: ['codec', 'tpm2', 'token', 'verdict'],
  config: ['ports'],
  audit: ['ports'],
  attestation: [
    ...['codec', 'tpm2', 'measured-boot', 'x509', 'endorsement', 'evidence', 'policy', 'jose', 'token'],
    ...['verdict', 'ports', 'config', 'protocol', 'audit'],
  ],
  'key-provider': ['token', 'jose', 'ports', 'config', 'audit', 'protocol', 'verdict'],
  http: ['attestation', 'key-provider', 'protocol', 'config', 'audit', 'token', 'jose', 'ports', 'verdict'],
  'trusted-host': ['codec', 'tpm2', 'jose', 'token', 'ports', 'protocol', 'http/client', 'verdict'],
  authority: [
    ...['attestation', 'key-provider', 'config', 'audit', 'token', 'jose', 'protocol', 'http', 'ports'],
    ...['x509', 'verdict'],
  ],
  testing: ['*'],
}

/**
 * The one folder of each third-party library. Whatever is not listed may be imported from no source file at all.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const libraries = {
  jose: ['packages/core/src/jose'],
  '@peculiar/asn1-schema': ['packages/core/src/x509'],
  '@peculiar/asn1-x509': ['packages/core/src/x509'],
  '@peculiar/webcrypto': ['packages/core/src/x509'],
  'node-forge': ['packages/core/src/x509'],
  hono: ['packages/core/src/http'],
  '@hono/zod-openapi': ['packages/core/src/http'],
  undici: ['packages/core/src/http'],
  zod: ['packages/core/src/http', 'packages/core/src/config', 'examples/authority-server/src'],
  saxes: ['packages/core/src/measured-boot/esxi', 'packages/kmip-adapter/src/ttlv/forms'],
  'modern-tar': ['packages/core/src/measured-boot/esxi'],
  commander: ['examples/cli/src'],
  pino: ['examples/authority-server/src', 'examples/trusted-host/src'],
  kysely: ['packages/storage-adapter/src/sql', 'packages/storage-adapter/src/sqlite'],
  libsql: ['packages/storage-adapter/src/sqlite'],
  '@hono/node-server': ['examples/authority-server/src', 'examples/quickstart/src'],
}

const adapters = ['tpm-adapter', 'kmip-adapter', 'storage-adapter']
const examples = ['quickstart', 'authority-server', 'trusted-host', 'cli', 'kmip-client']

/** Folder depth below a room or a package's `src` that the generated patterns cover; deeper files are refused. */
const depths = [0, 1, 2, 3]

/** @param {string} text */
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
/** @param {readonly string[]} texts matches one of these; matches nothing when there is none */
const oneOf = (texts) => (texts.length === 0 ? '(?!)' : `(?:${texts.join('|')})`)

/** @param {string} room the rooms that its files may import, all of them spelled out */
function allowedRooms(room) {
  const listed = rooms[room] ?? []
  const others = Object.keys(rooms).filter((name) => name !== '.' && name !== room)
  if (listed.includes('*')) return others
  const alwaysAllowed = ['errors', 'verdict'].includes(room)
    ? []
    : room === 'bytes'
      ? ['errors']
      : ['errors', 'bytes']
  const files = listed.filter((name) => name.includes('/'))
  return [...others.filter((name) => listed.includes(name) || alwaysAllowed.includes(name)), ...files]
}

/**
 * @typedef {{ regex: string, message: string }} Restriction
 * @param {string} folder
 * @param {string} [ours] regular expression of our own packages that may be imported
 * @returns {Restriction} refuses every package that has no business in the folder
 */
function packagesIn(folder, ours) {
  const here = Object.keys(libraries).filter((name) => libraries[name]?.includes(folder))
  const allowed = ['node:.+', ...here.map((name) => `${literally(name)}(?:\\/.*)?`), ...(ours ? [ours] : [])]
  return {
    regex: `^(?![.\\/])(?!${oneOf(allowed)}$)`,
    message: `This package may not be imported in ${folder}; see the tables in eslint.config.js.`,
  }
}

/** @type {Restriction} a path that takes detours could get around the other patterns */
const detours = {
  regex: '^\\/|(?:^\\.|[^.\\/])\\/\\.\\.?\\/|\\/\\/',
  message: 'Write the path without detours.',
}

const jwkExport = {
  selector:
    'CallExpression[callee.property.name="export"] > ObjectExpression > Property[key.name="format"][value.value="jwk"]',
  message: 'A key that was just generated may stop the process here: use exportJwk of core/bytes.',
}

/**
 * Static imports, re-exports, dynamic imports and type imports all keep to the same restrictions.
 * @param {readonly Restriction[]} restrictions
 */
function restrict(restrictions) {
  const dynamic = restrictions.flatMap(({ regex, message }) => [
    { selector: `ImportExpression[source.value=/${regex}/]`, message },
    { selector: `TSImportType[source.value=/${regex}/]`, message },
  ])
  const computed = { selector: 'ImportExpression[source.type!="Literal"]', message: 'Import a literal path.' }
  const patterns = restrictions.map((restriction) => ({ ...restriction, caseSensitive: true }))
  /** @type {import('eslint').Linter.RulesRecord} */
  const rules = {
    'no-restricted-imports': ['error', { patterns }],
    'no-restricted-syntax': ['error', ...dynamic, computed, jwkExport],
  }
  return rules
}

/** @param {string} folder @param {number} depth files that lie exactly so deep below the folder */
const filesAt = (folder, depth) => [`${folder}/${'*/'.repeat(depth)}*.ts`]

/** What holds for files that lie too deep for the patterns; the blocks after it replace it for all others. */
const tooDeep = {
  files: ['packages/*/src/**/*.ts', 'examples/*/src/**/*.ts'],
  rules: restrict([{ regex: '.', message: 'This folder is too deep for the import directions.' }]),
}

/** @param {string} folder @returns {string[]} itself, and the folders in it that have a library of their own */
function homesIn(folder) {
  const inside = Object.values(libraries).flatMap((homes) =>
    homes.filter((home) => home.startsWith(`${folder}/`)),
  )
  return folder === 'packages/core/src' ? [folder] : [folder, ...new Set(inside)]
}

/** @param {string} room */
function roomBlocks(room) {
  const folder = room === '.' ? 'packages/core/src' : `packages/core/src/${room}`
  const allowed = allowedRooms(room).map((name) => (name.includes('/') ? `${name}.js` : `${name}/index.js`))
  const targets = `${oneOf(allowed.map(literally))}$`
  return homesIn(folder).flatMap((home) =>
    depths.slice(0, room === '.' ? 1 : undefined).map((depth) => {
      const up = depth + 1 + home.split('/').length - folder.split('/').length
      const out = room === '.' ? '\\.\\/' : `(?:\\.\\.\\/){${up}}`
      const crossing = {
        regex: `^${out}(?!${targets})`,
        message: `The room "${room}" may import only ${allowed.join(', ') || 'nothing'}.`,
      }
      return { files: filesAt(home, depth), rules: restrict([crossing, packagesIn(home), detours]) }
    }),
  )
}

/**
 * @param {string} folder a package's or example's `src`
 * @param {string} ours regular expression of our packages that it may import
 * @param {string} [outside] regular expression of files outside `src` that it may import, after the leading `../`s
 */
function packageBlocks(folder, ours, outside = '(?!)') {
  return homesIn(folder).flatMap((home) =>
    depths.map((depth) => {
      const up = depth + 1 + home.split('/').length - folder.split('/').length
      const leaving = {
        regex: `^(?:\\.\\.\\/){${up},}(?!${outside})[^.]`,
        message: 'Import other packages by their names.',
      }
      return { files: filesAt(home, depth), rules: restrict([leaving, packagesIn(home, ours), detours]) }
    }),
  )
}

const importDirections = [
  tooDeep,
  ...Object.keys(rooms).flatMap(roomBlocks),
  ...adapters.flatMap((name) =>
    packageBlocks(`packages/${name}/src`, '@trusthold\\/core\\/(?!testing$)[a-z0-9-]+'),
  ),
  ...examples.flatMap((name) =>
    packageBlocks(`examples/${name}/src`, '@trusthold\\/(?!example-).+', 'scripts\\/peers\\/'),
  ),
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'packages/*/test/**/*.ts', 'examples/*/test/**/*.ts'],
    rules: restrict([
      {
        regex: `^(?:\\.\\.\\/)+(?:packages\\/)?${oneOf(['core', ...adapters].map(literally))}\\/`,
        message: 'Import other packages by their names.',
      },
      detours,
    ]),
  },
]

/** @type {import('eslint').Linter.RulesRecord} */
const typeAwareRules = {
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/no-array-delete': 'error',
  '@typescript-eslint/no-base-to-string': 'error',
  '@typescript-eslint/no-deprecated': 'error',
  '@typescript-eslint/no-duplicate-type-constituents': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-for-in-array': 'error',
  '@typescript-eslint/no-implied-eval': 'error',
  '@typescript-eslint/no-meaningless-void-operator': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-redundant-type-constituents': 'error',
  '@typescript-eslint/no-unsafe-unary-minus': 'error',
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: false, allowThrowingUnknown: true }],
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
  '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
  '@typescript-eslint/restrict-plus-operands': 'error',
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/switch-exhaustiveness-check': [
    'error',
    { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
  ],
  '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
}

/** @type {import('eslint').Linter.RulesRecord} what is parsed is checked before it is used */
const sourceRules = {
  '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
  '@typescript-eslint/no-unsafe-argument': 'error',
  '@typescript-eslint/no-unsafe-assignment': 'error',
  '@typescript-eslint/no-unsafe-call': 'error',
  '@typescript-eslint/no-unsafe-member-access': 'error',
  '@typescript-eslint/no-unsafe-return': 'error',
  complexity: ['error', 20],
  'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
}

export default defineConfig(
  globalIgnores(['**/dist', 'coverage', 'docs', '.setup', 'test/recordings']),
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.config.js'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: 'tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: typeAwareRules,
  },
  { files: ['packages/*/src/**/*.ts', 'examples/*/src/**/*.ts'], rules: sourceRules },
  ...importDirections,
)
