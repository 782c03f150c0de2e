#!/usr/bin/env node
import { argv, exit, stderr, stdin, stdout } from 'node:process'
import { runCli } from './run.ts'

// A reader such as `head` that has seen enough is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await runCli(argv.slice(2), { stdin, stdout, stderr })
