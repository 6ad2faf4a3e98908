import { createReport, type StepResult } from './report.js'
import {
  attest,
  type Course,
  configure,
  keysOutliveRestarts,
  openCourse,
  refuseChangedBoot,
  refuseImpostors,
} from './steps.js'
import { createWorld, type WorldOptions } from './world.js'

/** Everything that the demo showed. */
export interface QuickstartDocument {
  /** Whether every step showed what it should. */
  readonly ok: boolean
  readonly steps: readonly StepResult[]
}

/**
 * Runs the whole demo and stops everything that it started.
 * @param options what it runs on
 * @param write takes the lines for a person
 */
export async function runQuickstart(
  options: WorldOptions,
  write: (line: string) => void,
): Promise<QuickstartDocument> {
  const report = createReport(write)
  write('Starting TPMs and a KMIP server ...')
  const world = await createWorld(options)
  let course: Course | undefined
  try {
    course = await openCourse(world, report)
    await configure(course)
    await attest(course)
    await keysOutliveRestarts(course)
    await refuseChangedBoot(course)
    await refuseImpostors(course)
  } finally {
    await course?.client.close()
    await course?.services.stop()
    await world.close()
  }
  const ok = report.results.length === 5 && report.results.every((result) => result.ok)
  write('')
  write(ok ? 'All of it went as it should. Nothing was left running.' : 'Not all of it went as it should.')
  return { ok, steps: report.results }
}
