#!/usr/bin/env bats
# The unit tests of message/: one program per file, tests/unit/message-*.c.

load ../lib

@test "message: span" { unit span; }
@test "message: buf" { unit buf; }
@test "message: fail" { unit fail; }
@test "message: date" { unit date; }
@test "message: utf8" { unit utf8; }
@test "message: domain" { unit domain; }
@test "message: header" { unit header; }
@test "message: addr" { unit addr; }
@test "message: dsn" { unit dsn; }
@test "message: codec" { unit codec; }
@test "message: charset" { unit charset; }
@test "message: word" { unit word; }
@test "message: param" { unit param; }
@test "message: list" { unit list; }
@test "message: qualify" { unit qualify; }
@test "message: mime" { unit mime; }
@test "message: html" { unit html; }
@test "message: flowed" { unit flowed; }
@test "message: compose" { unit compose; }
@test "message: files" { unit file; }
@test "message: fold" { unit fold; }
@test "message: haystack" { unit haystack; }
@test "message: mutf7" { unit mutf7; }
@test "message: subject" { unit subject; }
@test "message: thread" { unit thread; }
@test "message: no unit test is forgotten" { all_units; }
