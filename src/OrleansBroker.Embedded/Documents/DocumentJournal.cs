using System.Globalization;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded.Documents;

/// <summary>
/// The file that documents are kept in: <see cref="JournalFrame"/>s one behind the other, each of them flushed before the next
/// is written. A frame that is not whole was cut short by a crash if nothing follows it, and is damaged otherwise. So that the
/// last is told apart too, an empty frame is put behind it, without a flush; the next frame takes its place.
/// </summary>
/// <remarks>
/// A journal that has grown is followed by one of a higher generation, which takes its name when it is whole: the highest counts.
/// </remarks>
internal sealed class DocumentJournal : IDisposable
{
    private const string Suffix = ".journal";
    private const string Unfinished = ".tmp";

    /// <summary>A new journal is written in frames of about this size.</summary>
    private const int FrameBytes = 1 << 20;

    private readonly IFile _file;
    private readonly JournalFrame _seal = new();
    private bool _isEndUncertain;

    private DocumentJournal(IFile file, long generation, long length)
    {
        _file = file;
        Generation = generation;
        Length = length;
    }

    public long Generation { get; }

    /// <summary>Bytes that are whole frames, each of them flushed.</summary>
    public long Length { get; private set; }

    public static bool IsJournal(string name) => name.EndsWith(Suffix, StringComparison.Ordinal);

    public static bool IsUnfinished(string name) => name.EndsWith(Unfinished, StringComparison.Ordinal);

    public static string NameOf(long generation) => generation.ToString("D16", CultureInfo.InvariantCulture) + Suffix;

    public static long GenerationOf(string name) => long.Parse(name.AsSpan(0, name.Length - Suffix.Length), CultureInfo.InvariantCulture);

    /// <summary>Opens a journal for more entries, once those in it have been told.</summary>
    /// <exception cref="IOException">It cannot be read, or is damaged.</exception>
    public static DocumentJournal Open(IFileSystem files, string directory, long generation, Action<JournalEntry> replay)
    {
        var path = $"{directory}/{NameOf(generation)}";
        var bytes = WholeFile.Read(files, path);
        var length = Replay(path, bytes, replay);
        var journal = new DocumentJournal(files.Open(path), generation, length);
        try
        {
            // What a killed process had written and not flushed is read from now on, and so has to stay.
            journal.CutBehindEnd();
            journal.Seal();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Writes a new journal as a whole. It is the one that counts when this returns; its name is flushed by the caller.</summary>
    public static DocumentJournal Create(IFileSystem files, string directory, long generation, IEnumerable<JournalEntry> entries)
    {
        var path = $"{directory}/{NameOf(generation)}";
        var file = files.Open(path + Unfinished);
        try
        {
            file.SetLength(0);
            var journal = new DocumentJournal(file, generation, 0);
            journal.WriteAll(entries);
            files.RenameFile(path + Unfinished, path);
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes a frame and makes it durable.</summary>
    /// <exception cref="IOException">It was not; after a crash it may be there all the same.</exception>
    public void Append(JournalFrame frame)
    {
        if (_isEndUncertain)
        {
            CutBehindEnd();
        }

        _isEndUncertain = true;
        try
        {
            _file.Write(Length, frame.At(Length));
            _file.Flush();
        }
        catch (IOException)
        {
            TryCutBehindEnd();
            throw;
        }

        Length += frame.Length;
        _isEndUncertain = false;
    }

    /// <summary>Shows that the last frame was flushed. Where this fails there is merely no seal.</summary>
    public void Seal()
    {
        try
        {
            _file.Write(Length, _seal.At(Length));
        }
        catch (IOException)
        {
            _isEndUncertain = true;
        }
    }

    public void Dispose() => _file.Dispose();

    private void WriteAll(IEnumerable<JournalEntry> entries)
    {
        var frame = new JournalFrame();
        foreach (var entry in entries)
        {
            frame.Add(entry);
            if (frame.Length >= FrameBytes)
            {
                Write(frame);
            }
        }

        Write(frame);
        _file.Write(Length, _seal.At(Length));
        _file.Flush();
    }

    private void Write(JournalFrame frame)
    {
        _file.Write(Length, frame.At(Length));
        Length += frame.Length;
        frame.Clear();
    }

    private void CutBehindEnd()
    {
        _file.SetLength(Length);
        _file.Flush();
        _isEndUncertain = false;
    }

    private void TryCutBehindEnd()
    {
        try
        {
            CutBehindEnd();
        }
        catch (IOException)
        {
            // The next frame is not written before this works.
        }
    }

    /// <summary>Tells what the frames say, and where they end.</summary>
    private static long Replay(string path, ReadOnlySpan<byte> bytes, Action<JournalEntry> replay)
    {
        var place = 0;
        while (JournalFrame.TryRead(bytes, place, out var entries))
        {
            if (entries.IsEmpty && place + JournalFrame.HeaderBytes == bytes.Length && place > 0)
            {
                // The seal, whose place the next frame takes.
                return place;
            }

            place += JournalFrame.HeaderBytes + entries.Length;
            while (!entries.IsEmpty)
            {
                replay(JournalFrame.Take(ref entries));
            }
        }

        for (var later = place + 1; later <= bytes.Length - JournalFrame.HeaderBytes; later++)
        {
            if (JournalFrame.TryRead(bytes, later, out _))
            {
                throw new IOException($"{path} is corrupt at byte {place}");
            }
        }

        return place;
    }
}
