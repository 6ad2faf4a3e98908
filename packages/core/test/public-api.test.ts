import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const packages = ['core', 'tpm-adapter', 'kmip-adapter', 'storage-adapter']

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8')) as Manifest

/** Each module that may be imported, with its source. */
const modules = packages.flatMap((folder) => {
  const { name, exports } = manifestOf(folder)
  return Object.entries(exports).flatMap(([subpath, targets]) =>
    typeof targets === 'string'
      ? []
      : [
          {
            specifier: name + subpath.slice(1),
            source: `${root}packages/${folder}/${targets['@trusthold/source']}`,
          },
        ],
  )
})

function createProgram(): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  return ts.createProgram(
    modules.map(({ source }) => source),
    { ...options, noEmit: true },
  )
}

/** The exports of a module, values and types, one a line. */
function listExports(program: ts.Program, path: string): string[] {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(path)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) return ['(no module)']
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return `${target.flags & ts.SymbolFlags.Value ? 'value' : 'type '} ${symbol.name}`
    })
    .sort()
}

// After a change on purpose: npx vitest run --project core packages/core/test/public-api.test.ts --update
describe('the public API', () => {
  const program = createProgram()

  it.each(modules)('$specifier exports what is listed', async ({ specifier, source }) => {
    const text = `${listExports(program, source).join('\n')}\n`
    const file = `public-api/${specifier.replace('@trusthold/', '').replaceAll('/', '.')}.txt`
    await expect(text).toMatchFileSnapshot(file)
  })
})

describe('the root entry', () => {
  it('loads only errors and bytes, and of Node only what they need', async () => {
    expect(await loadedBy('@trusthold/core')).toEqual([
      'bytes/bytes.ts',
      'bytes/encoding.ts',
      'bytes/index.ts',
      'bytes/json-structure.ts',
      'bytes/json.ts',
      'bytes/jwk.ts',
      'bytes/secret.ts',
      'errors/error.ts',
      'errors/index.ts',
      'errors/messages.ts',
      'index.ts',
      'node:buffer',
      'node:crypto',
      'node:util',
    ])
  })
})

/** Everything that Node loads for an import; type imports are gone by then. */
async function loadedBy(specifier: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: `import ${JSON.stringify(specifier)}`, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    ignoreAnnotations: true,
    conditions: ['@trusthold/source'],
  })
  const imported = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path))
  return [...new Set(imported.map((path) => path.replace('packages/core/src/', '')))].sort()
}
