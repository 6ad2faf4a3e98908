#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  console.error('trusthold: not built yet: run `node scripts/setup.mjs` in the repository first')
  process.exitCode = 2
}
