namespace OrleansBroker.Embedded.Documents;

/// <summary>What became of one document.</summary>
/// <param name="ETag">Grows with every entry: it never comes back, also where its document is deleted.</param>
/// <param name="Content">Null where the document was deleted.</param>
internal readonly record struct JournalEntry(string Key, long ETag, ReadOnlyMemory<byte>? Content);
