#!/usr/bin/env node
// Status 1 would say that evidence is bad, so a program that cannot start must not end with Node's own.
try {
  await import('../dist/main.js')
} catch (error) {
  const reason = error instanceof Error ? error.message.split('\n')[0] : error
  console.error(`trusthold: cannot start: ${reason}; node scripts/setup.mjs in the repository builds it`)
  process.exitCode = 2
}
