import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { aesGcm, KmipClient } from '@trusthold/kmip-adapter'

const usage = 'usage: main.js --server HOST:PORT... --ca FILE --cert FILE --key FILE [--destroy] NAME'

function readArguments() {
  const file = { type: 'string' } as const
  const options = { server: { ...file, multiple: true }, ca: file, cert: file, key: file } as const
  const { values, positionals } = parseArgs({
    options: { ...options, destroy: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  const { server, ca, cert, key, destroy, help } = values
  const [name] = positionals
  if (help || !server || !ca || !cert || !key || !name) throw new Error(usage)
  const read = (path: string): string => readFileSync(path, 'utf8')
  const tls = { trustedCertificates: [read(ca)], clientCertificate: read(cert), clientPrivateKey: read(key) }
  return { servers: server, tls, name, destroy }
}

/** The key of that name, made when there is none. Names need not be unique, so two of them are an error. */
async function findOrCreate(client: KmipClient, name: string): Promise<string> {
  const [id, another] = await client.locate({ name, state: 'Active' })
  if (another !== undefined) throw new Error(`several active keys are called ${name}`)
  return id ?? client.create({ algorithm: 'AES', length: 256, name }).activate()
}

async function main(): Promise<void> {
  const { servers, tls, name, destroy } = readArguments()
  await using client = await KmipClient.connect({ servers, tls })
  const { vendorIdentification } = await client.query(['QueryServerInformation'])
  console.log(`${vendorIdentification ?? 'the server'}, KMIP ${await client.version()}`)

  const id = await findOrCreate(client, name)
  const { state, cryptographicLength } = await client.getAttributes(id, ['State', 'CryptographicLength'])
  console.log(`key ${id}: ${state}, ${cryptographicLength} bits`)

  // The key stays in the server, which does the work.
  const options = { parameters: aesGcm, iv: randomBytes(12) }
  const encrypted = await client.encrypt(id, Buffer.from('hello'), options)
  const { data } = await client.decrypt(id, encrypted, options)
  console.log(`decrypted: ${data.use((bytes) => Buffer.from(bytes).toString())}`)
  data.wipe()

  if (destroy !== true) return
  await client.revoke(id, { reason: 'CessationOfOperation' })
  await client.destroy(id)
  console.log('destroyed')
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
