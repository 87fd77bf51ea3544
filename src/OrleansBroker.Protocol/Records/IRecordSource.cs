using Microsoft.Win32.SafeHandles;

namespace OrleansBroker.Protocol.Records;

/// <summary>Where record batches lie when they are not in memory: a segment file, as a rule.</summary>
public interface IRecordSource
{
    /// <summary>The file to hand to <c>sendfile(2)</c>, or null where bytes can only be had by <see cref="Read"/>.</summary>
    SafeFileHandle? Handle { get; }

    /// <summary>Copies bytes from <paramref name="position"/> on; returns how many, less than asked only at the end.</summary>
    int Read(long position, Span<byte> destination);
}
