import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createKmipServer, type KmipServer } from '@trusthold/kmip-adapter/server'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPyKmip } from '../../scripts/peers/pykmip.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

interface Block {
  readonly heading: string
  readonly code: string
}

/** The blocks of a language, each with the heading that it stands below. */
function blocksOf(page: string, language: string): readonly Block[] {
  const found = [...page.matchAll(/^## ([^\n]+)$|^```(\w+)\n(.*?)^```$/gms)]
  let heading = ''
  return found.flatMap(([, title, name, code = '']) => {
    if (title !== undefined) heading = title
    return name === language ? [{ heading, code }] : []
  })
}

/** What the page's examples are spared: the client, a key, and a message. */
const given = `import { readFileSync as read } from 'node:fs'
import { KmipClient } from '@trusthold/kmip-adapter'
const pem = (name) => read(name, 'utf8')
globalThis.tls = { trustedCertificates: [pem('ca.pem')], clientCertificate: pem('client.pem'), clientPrivateKey: pem('client.key') }
globalThis.client = await KmipClient.connect({ servers: [process.env.SERVER], tls })
globalThis.id = await client.create({ algorithm: 'AES', length: 256 }).activate()
globalThis.bytes = Buffer.from('42007801000000084200770100000000', 'hex')
`

describe('the page about KMIP', () => {
  let page = ''
  let directory = ''
  let embedded: KmipServer
  let pykmip: Awaited<ReturnType<typeof startPyKmip>>
  const addresses: Record<string, string> = {}
  const folders: Record<string, string> = {}
  const at = (...names: string[]): string => join(directory, ...names)
  const pem = (name: string): Promise<string> => readFile(at('embedded', name), 'utf8')

  beforeAll(async () => {
    page = await readFile(`${root}docs/guides/kmip-without-attestation.md`, 'utf8')
    // Below the repository, where packages are found by their names.
    await mkdir(`${root}.setup`, { recursive: true })
    directory = await mkdtemp(`${root}.setup/kmip-page-`)
    for (const name of ['embedded', 'pykmip']) {
      folders[name] = at(name)
      await mkdir(at(name))
    }
    const shell = blocksOf(page, 'sh').filter(({ heading }) => heading.startsWith('A certificate'))
    for (const { code } of shell) await run('sh', ['-euc', code], { cwd: at('embedded') })
    embedded = createKmipServer({
      tls: {
        certificate: await pem('server.pem'),
        privateKey: await pem('server.key'),
        clientCertificates: [await pem('ca.pem')],
      },
      store: openMemory().config,
      keyEncryptionKey: new Uint8Array(32).fill(7),
    })
    addresses['embedded'] = `localhost:${(await embedded.listen({ host: '127.0.0.1' })).port}`
    pykmip = await startPyKmip()
    addresses['pykmip'] = `127.0.0.1:${pykmip.port}`
    await writeFile(at('pykmip', 'ca.pem'), pykmip.ca)
    await writeFile(at('pykmip', 'client.pem'), pykmip.clientCertificate)
    await writeFile(at('pykmip', 'client.key'), pykmip.clientPrivateKey)
  })
  afterAll(async () => {
    await embedded?.close()
    await pykmip?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  /** Runs a block as a program of its own, which has the server's address in the place of the page's. */
  async function tryBlock({ code }: Block, peer: string): Promise<string> {
    const own = code.replaceAll('localhost:5696', addresses[peer] ?? '')
    const program = `import './given.mjs'\n${own}\nawait globalThis.client.close()\n`
    const file = at(peer, 'block.ts')
    await writeFile(at(peer, 'given.mjs'), given)
    await writeFile(file, program)
    await run(`${root}node_modules/.bin/esbuild`, [
      file,
      '--format=esm',
      '--target=node20',
      `--outfile=${at(peer, 'block.mjs')}`,
    ])
    const { stdout } = await run(process.execPath, [at(peer, 'block.mjs')], {
      cwd: folders[peer],
      env: { PATH: process.env['PATH'], SERVER: addresses[peer] },
    })
    return stdout
  }

  const expected: Readonly<Record<string, readonly RegExp[]>> = {
    Connect: [/^.+ 1\.4\n$/],
    'Make a key, and find it again': [/^true Active 12\n$/, /^$/],
    'Encrypt in the server': [/^data key\n$/],
    'Or get the key': [/^36\n$/],
    'When it fails': [/^notFound ItemNotFound\n$/],
    'Several servers': [/^\S+ true true 1\.4 \d+\nlocalhost:5697 undefined undefined undefined \d+\n$/],
    'Look at what is said': [/^RequestMessage\n {2}RequestHeader\ntrue\n$/],
  }

  test('has the examples that are tried here', () => {
    const headings = blocksOf(page, 'ts').map(({ heading }) => heading)
    const tried = Object.entries(expected).flatMap(([heading, list]) => list.map(() => heading))
    expect(headings).toEqual([...tried, 'A server to try it on'])
  })

  test.each(['embedded', 'pykmip'])('is true of %s', async (peer) => {
    for (const [heading, patterns] of Object.entries(expected)) {
      const blocks = blocksOf(page, 'ts').filter((block) => block.heading === heading)
      for (const [i, block] of blocks.entries()) {
        expect(await tryBlock(block, peer), heading).toMatch(patterns[i] as RegExp)
      }
    }
  })

  test('brings a server', async () => {
    const [block] = blocksOf(page, 'ts').filter(({ heading }) => heading.startsWith('A server'))
    const listening = { heading: '', code: (block?.code ?? '').replace('5696', '0') }
    // It would serve on until it is stopped.
    const stopping = { ...listening, code: `${listening.code}\nawait server.close()` }
    expect(await tryBlock(stopping, 'embedded')).toMatch(/^listening on 127\.0\.0\.1:\d+\n$/)
  })

  test('shows messages', async () => {
    const [block] = blocksOf(page, 'sh').filter(({ heading }) => heading.startsWith('Look'))
    await writeFile(at('recorded.bin'), Buffer.from('4200780100000000', 'hex'))
    const commands = (block?.code ?? '')
      .replaceAll('npx trusthold', `${process.execPath} ${root}examples/cli/bin/trusthold.js`)
      .replaceAll('recorded.bin', at('recorded.bin'))
    const { stdout } = await run('sh', ['-euc', commands])
    expect(stdout).toBe('RequestMessage\n  RequestHeader\n<RequestMessage/>\n')
  })
})
