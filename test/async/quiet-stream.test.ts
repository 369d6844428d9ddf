import { config, EMPTY, map, merge, Observable, of, Subject, throwError } from "rxjs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { quietStream } from "../../src/async/quiet-stream.ts";

/** What no subscriber handled: RxJS would throw it where only the process can catch it. */
let unhandled: unknown[];
beforeEach(() => {
  unhandled = [];
  config.onUnhandledError = (error) => unhandled.push(error);
});
afterEach(() => {
  config.onUnhandledError = null;
});

/** RxJS reports an unhandled error in a timer. */
const reported = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

const gone = new Error("gone");

function failing(): Observable<number> {
  return quietStream(
    new Observable((subscriber) => {
      subscriber.next(1);
      subscriber.error(gone);
    }),
  );
}

it("tells its error to subscribers that handle errors", () => {
  const errors: unknown[] = [];
  failing().subscribe({ error: (error) => errors.push(error) });
  failing()
    .pipe(map((n) => n + 1))
    .subscribe({ error: (error) => errors.push(error) });
  merge(of(0), failing()).subscribe({ error: (error) => errors.push(error) });
  expect(errors).toEqual([gone, gone, gone]);
});

it("completes for subscribers that don't, also behind operators", async () => {
  const seen: (number | string)[] = [];
  failing().subscribe((n) => seen.push(n));
  failing().subscribe({ next: (n) => seen.push(n), complete: () => seen.push("complete") });
  failing()
    .pipe(
      map((n) => n + 1),
      map((n) => n + 1),
    )
    .subscribe({ next: (n) => seen.push(n), complete: () => seen.push("complete") });
  failing().subscribe();
  failing().subscribe(null);
  await reported();
  expect(seen).toEqual([1, 1, "complete", 3, "complete"]);
  expect(unhandled).toEqual([]);
});

it("leaves errors of the subscriber's own operators to RxJS", async () => {
  const mistake = new Error("a mistake");
  const fails = map((): never => {
    throw mistake;
  });
  quietStream(of(1)).pipe(fails).subscribe();
  failing().pipe(fails).subscribe();
  await reported();
  expect(unhandled).toEqual([mistake, mistake]);
});

it("is otherwise the stream that it was made of", () => {
  const source = new Subject<number>();
  const seen: (number | string)[] = [];
  const subscription = quietStream(source).subscribe((n) => seen.push(n));
  quietStream(source).subscribe({ next: (n) => seen.push(-n), complete: () => seen.push("complete") });
  source.next(1);
  subscription.unsubscribe();
  source.next(2);
  source.complete();
  quietStream(EMPTY).subscribe({ complete: () => seen.push("empty") });
  quietStream(throwError(() => undefined)).subscribe({ error: (error) => seen.push(String(error)) });
  expect(seen).toEqual([1, -1, -2, "complete", "empty", "undefined"]);
});
