namespace OrleansBroker.Core.Ports;

/// <summary>A document as <see cref="IDocumentStore"/> keeps it.</summary>
public sealed record StoredDocument(ReadOnlyMemory<byte> Content, string ETag);
