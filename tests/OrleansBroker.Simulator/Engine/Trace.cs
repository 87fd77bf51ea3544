using System.Globalization;

namespace OrleansBroker.Simulator.Engine;

/// <summary>What has happened: a running hash of every event, by which two runs are compared, and the last events in words.</summary>
internal sealed class Trace(TextWriter? file)
{
    private const int KeptMax = 60;

    private readonly Queue<string> _last = new();
    private ulong _hash = 14695981039346656037;

    public ulong Hash => _hash;

    public long Events { get; private set; }

    public IEnumerable<string> Last => _last;

    public bool IsWritten => file is not null;

    /// <summary>Takes part in the hash only: for what happens often.</summary>
    public void Count(long ticks, int what, long detail)
    {
        Mix((ulong)ticks);
        Mix((ulong)what);
        Mix((ulong)detail);
        Events++;
    }

    public void Note(long ticks, string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{ticks / 10_000_000.0,12:F6} {what}");
        foreach (var character in line)
        {
            Mix(character);
        }

        Events++;
        file?.WriteLine(line);
        _last.Enqueue(line);
        if (_last.Count > KeptMax)
        {
            _last.Dequeue();
        }
    }

    private void Mix(ulong value)
    {
        unchecked
        {
            _hash = (_hash ^ value) * 1099511628211;
            _hash ^= _hash >> 29;
        }
    }
}
