// Claims the same ids as its twins, appends as many records, and says what it won: `won <id>`, `appended <sequence>`.
import { openSqlite } from '../../src/index.js'

const [path = '', name = '', count = '0'] = process.argv.slice(3)
const storage = await openSqlite(path)
const later = Date.now() + 3_600_000
const ids = Array.from({ length: Number(count) }, (_, i) => `id-${i}`)

process.stdout.write('ready\n')
await new Promise((resolve) => process.stdin.once('data', resolve))
process.stdin.destroy()

for (let from = 0; from < ids.length; from += 10) {
  await Promise.all(
    ids.slice(from, from + 10).map(async (id) => {
      if (await storage.replay.claim(id, later)) process.stdout.write(`won ${id}\n`)
      const { sequence } = await storage.audit.append(new TextEncoder().encode(`${name} ${id}`))
      process.stdout.write(`appended ${sequence}\n`)
    }),
  )
}
await storage.close()
