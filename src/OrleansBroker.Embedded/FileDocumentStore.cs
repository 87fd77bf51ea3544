using System.Globalization;
using System.Runtime.ExceptionServices;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Documents;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded;

/// <summary>
/// Documents in one directory: all of them in memory, and every change in a journal. Changes that come while others are being
/// flushed share the next flush, so that thousands a second are made durable. A journal that has grown much larger than what it
/// says is written anew.
/// </summary>
/// <remarks>
/// One process uses the directory: the data directory's lock sees to that. A change is seen by readers once it is durable. One
/// that failed is not in force; where its bytes cannot be taken back either, nothing is changed before they can, and a crash until
/// then may bring it back.
/// </remarks>
public sealed class FileDocumentStore : IDocumentStore, IDisposable
{
    /// <summary>A journal may have this many bytes beside the twofold of what its documents take: rewriting costs a flush or two.</summary>
    private const long SpareBytes = 4 << 20;

    /// <summary>What an entry takes beside its key and its content.</summary>
    private const int EntryBytes = 16;

    private readonly Lock _gate = new();
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly Dictionary<string, StoredDocument> _documents = new(StringComparer.Ordinal);

    // Changes that are not durable yet, one a document at a time; those in the queue wait for the next flush.
    private readonly Dictionary<string, Change> _changing = new(StringComparer.Ordinal);
    private List<Change> _queue = [];
    private bool _isFlushing;
    private bool _isDisposed;
    private long _lastETag;

    // These belong to the flush that runs.
    private readonly JournalFrame _frame = new();
    private DocumentJournal _journal;
    private bool _isNameFlushed;
    private long _liveBytes;
    private long _rewriteAtBytes;

    /// <exception cref="IOException">The documents cannot be read, or are damaged.</exception>
    public FileDocumentStore(IFileSystem files, string directory)
    {
        _files = files;
        _directory = directory;
        if (!files.DirectoryExists(directory))
        {
            files.CreateDirectory(directory);
            files.FlushDirectory(Path.GetDirectoryName(directory)!);
        }

        var names = files.ListFiles(directory).Where(name => !DocumentJournal.IsUnfinished(name)).Order(StringComparer.Ordinal).ToArray();
        var journals = names.Where(DocumentJournal.IsJournal).Select(DocumentJournal.GenerationOf).ToArray();
        _journal = journals.Length > 0 ? DocumentJournal.Open(files, directory, journals.Max(), Replay) : TakeOver(names);
        TakeName();
        _rewriteAtBytes = RewriteAtBytes();
    }

    public ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return new(_documents.GetValueOrDefault(DocumentKeys.Of(name)));
        }
    }

    public ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation) =>
        ChangeAsync(DocumentKeys.Of(name), content.ToArray(), expectedETag);

    public async ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) =>
        await ChangeAsync(DocumentKeys.Of(name), null, expectedETag) is not null;

    /// <summary>What waits is still written; what comes later is refused.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isDisposed && !_isFlushing)
            {
                _journal.Dispose();
            }

            _isDisposed = true;
        }
    }

    /// <param name="content">Null deletes the document.</param>
    /// <returns>The ETag of the change, or null where the document has another than the expected one.</returns>
    private async ValueTask<string?> ChangeAsync(string key, byte[]? content, string? expectedETag)
    {
        while (true)
        {
            Change? before;
            var mine = (Change?)null;
            lock (_gate)
            {
                if (!_changing.TryGetValue(key, out before))
                {
                    if (_documents.GetValueOrDefault(key)?.ETag != expectedETag)
                    {
                        return null;
                    }

                    mine = Begin(key, content);
                }
            }

            if (mine is null)
            {
                // What becomes of the one before decides.
                await before!.Failure.Task;
                continue;
            }

            if (await mine.Failure.Task is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            return mine.Document.ETag;
        }
    }

    private Change Begin(string key, byte[]? content)
    {
        if (_isDisposed)
        {
            throw new IOException("the document store is closed");
        }

        var change = new Change(new JournalEntry(key, ++_lastETag, content is null ? (ReadOnlyMemory<byte>?)null : content));
        _changing.Add(key, change);
        _queue.Add(change);
        if (!_isFlushing)
        {
            _isFlushing = true;
            _ = FlushAsync();
        }

        return change;
    }

    /// <summary>Makes changes durable, all that wait at a time, until none do.</summary>
    private async Task FlushAsync()
    {
        while (true)
        {
            await Task.Yield();
            if (Take() is not { } batch)
            {
                return;
            }

            var failure = TryWrite(batch);
            lock (_gate)
            {
                batch.ForEach(change => _changing.Remove(change.Entry.Key));
            }

            batch.ForEach(change => change.Failure.SetResult(failure));
        }
    }

    private List<Change>? Take()
    {
        lock (_gate)
        {
            if (_queue.Count > 0)
            {
                var batch = _queue;
                _queue = [];
                return batch;
            }

            _isFlushing = false;
            if (_isDisposed)
            {
                _journal.Dispose();
            }

            return null;
        }
    }

    /// <summary>Why it was not written, or null.</summary>
    private Exception? TryWrite(List<Change> batch)
    {
        try
        {
            TakeName();
            _frame.Clear();
            batch.ForEach(change => _frame.Add(change.Entry));
            _journal.Append(_frame);
            lock (_gate)
            {
                batch.ForEach(change => Apply(change.Entry, change.Document));
            }

            RewriteIfGrown();
            _journal.Seal();
            return null;
        }
        catch (Exception e)
        {
            // Those who asked are told, whatever it was: nobody else could do anything about it.
            return e;
        }
    }

    private void Replay(JournalEntry entry)
    {
        _lastETag = Math.Max(_lastETag, entry.ETag);
        Apply(entry, new Change(entry).Document);
    }

    private void Apply(in JournalEntry entry, StoredDocument document)
    {
        if (_documents.TryGetValue(entry.Key, out var before))
        {
            _liveBytes -= BytesOf(entry.Key, before);
        }

        if (entry.Content is null)
        {
            _documents.Remove(entry.Key);
        }
        else
        {
            _documents[entry.Key] = document;
            _liveBytes += BytesOf(entry.Key, document);
        }
    }

    /// <summary>Documents that lie in files of their own come into a first journal, and their files go once it is there.</summary>
    private DocumentJournal TakeOver(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            Replay(new JournalEntry(name, _lastETag + 1, DocumentFile.Read(_files, $"{_directory}/{name}")));
        }

        return DocumentJournal.Create(_files, _directory, 1, Entries());
    }

    private void RewriteIfGrown()
    {
        if (_journal.Length < _rewriteAtBytes)
        {
            return;
        }

        try
        {
            var next = DocumentJournal.Create(_files, _directory, _journal.Generation + 1, Entries());
            _journal.Dispose();
            _journal = next;
            _isNameFlushed = false;
            _rewriteAtBytes = RewriteAtBytes();
            TakeName();
        }
        catch (IOException)
        {
            // The journal that is in use is as good, and there may be room for another later on.
            _rewriteAtBytes = _journal.Length + SpareBytes;
        }
    }

    /// <summary>Makes the journal's name durable, which everything in it needs, and removes what it replaced.</summary>
    private void TakeName()
    {
        if (_isNameFlushed)
        {
            return;
        }

        _files.FlushDirectory(_directory);
        _isNameFlushed = true;
        foreach (var name in _files.ListFiles(_directory).Where(name => name != DocumentJournal.NameOf(_journal.Generation)))
        {
            _files.DeleteFile($"{_directory}/{name}");
        }
    }

    /// <summary>The last ETag comes first, as its document may be deleted.</summary>
    private IEnumerable<JournalEntry> Entries() =>
        _documents.Select(document => new JournalEntry(document.Key, ETagOf(document.Value), document.Value.Content))
            .Prepend(new JournalEntry(string.Empty, _lastETag, null));

    private long RewriteAtBytes() => (2 * _liveBytes) + SpareBytes;

    private static long BytesOf(string key, StoredDocument document) => key.Length + document.Content.Length + EntryBytes;

    private static long ETagOf(StoredDocument document) => long.Parse(document.ETag, CultureInfo.InvariantCulture);

    /// <summary>A change and, once it is durable or has failed, why it failed.</summary>
    private sealed class Change(JournalEntry entry)
    {
        public JournalEntry Entry { get; } = entry;

        public StoredDocument Document { get; } = new(entry.Content.GetValueOrDefault(), entry.ETag.ToString(CultureInfo.InvariantCulture));

        public TaskCompletionSource<Exception?> Failure { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
