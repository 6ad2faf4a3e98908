// Writes without end, several at a time, and says on stdout what was acknowledged: `put <key> <revision>`,
// `claim <id>`, `append <sequence>`.
import { writeSync } from 'node:fs'
import { openSqlite } from '../../src/index.js'

const [path = '', name = ''] = process.argv.slice(3)
const storage = await openSqlite(path)
const later = Date.now() + 3_600_000

// Straight to the pipe: what a killed process had only in its own buffer would be lost.
const say = (...words: unknown[]) => writeSync(1, `${words.join(' ')}\n`)

async function writeOn(worker: number): Promise<void> {
  for (let i = 0; ; i++) {
    const id = `${name}-${worker}-${i}`
    // Value and record are large enough to span pages, and say by every byte which one they are.
    const revision = await storage.config.put(`k/${id}`, new Uint8Array(5000).fill(i & 0xff))
    say('put', `k/${id}`, revision, i & 0xff)
    if (await storage.replay.claim(id, later)) say('claim', id)
    const { sequence } = await storage.audit.append(new TextEncoder().encode(`${id} `.repeat(100)))
    say('append', sequence, id)
  }
}

await Promise.all([1, 2, 3, 4].map(writeOn))
