using System.Diagnostics;
using System.Globalization;

namespace OrleansBroker.Simulator.Campaigns;

/// <summary>Runs many seeds: each worker is a process of its own, so that runs share nothing; it is told its seeds line by line.</summary>
internal static class Campaign
{
    /// <param name="first">The first seed; fresh ones where it is not given.</param>
    /// <param name="secondsMax">Real time after which no further seed is begun.</param>
    public static int Run(RunOptions options, long seeds, long? first, int workers, long? secondsMax, string? defect)
    {
        var since = Stopwatch.GetTimestamp();
        var start = first ?? Random.Shared.NextInt64(1, 1_000_000_000);
        var simulated = TimeSpan.Zero;
        var failures = new SortedDictionary<long, string>();
        var (next, done) = (0L, 0L);
        var gate = new Lock();

        long? Take()
        {
            lock (gate)
            {
                var isOver = next >= seeds || (secondsMax is { } most && Stopwatch.GetElapsedTime(since).TotalSeconds > most) || (defect is not null && failures.Count > 0);
                return isOver ? null : start + next++;
            }
        }

        void Note(long seed, WorkerAnswer answer)
        {
            lock (gate)
            {
                done++;
                simulated += answer.Simulated;
                if (answer.Failure is { } failure)
                {
                    failures[seed] = failure;
                    Console.WriteLine(failure);
                }
            }
        }

        var threads = Enumerable.Range(0, workers).Select(_ => new Thread(() => Work(options, defect, Take, Note))).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        var took = Stopwatch.GetElapsedTime(since);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{done} seeds from {start}, {simulated.TotalHours:F2} simulated hours in {took.TotalSeconds:F0} s, {done / took.TotalMinutes:F0} seeds a minute, {failures.Count} failed{(failures.Count > 0 ? $": {string.Join(' ', failures.Keys)}" : string.Empty)}"));
        return failures.Count == 0 ? 0 : 1;
    }

    private static void Work(RunOptions options, string? defect, Func<long?> take, Action<long, WorkerAnswer> note)
    {
        Worker? worker = null;
        while (take() is { } seed)
        {
            worker ??= new Worker(options, defect);
            var answer = worker.Ask(seed);
            note(seed, answer);
            if (answer.IsOver)
            {
                worker.Dispose();
                worker = null;
            }
        }

        worker?.Dispose();
    }
}
