using System.Runtime.InteropServices;

namespace OrleansBroker.Protocol.Records.Compression;

/// <summary>Zstandard frames (RFC 8878), by libzstd, whose own limit on the window (128 MiB) stays in force: Java's producer at level 22 needs it.</summary>
internal static unsafe class ZstdCodec
{
    public const int LevelDefault = 3;

    private static readonly nint Library = NativeCodecLibrary.Load("zstd", 1);

    private static readonly delegate* unmanaged<nuint, uint> IsError = (delegate* unmanaged<nuint, uint>)Export("ZSTD_isError");

    private static readonly delegate* unmanaged<nuint, nuint> CompressBound = (delegate* unmanaged<nuint, nuint>)Export("ZSTD_compressBound");

    private static readonly delegate* unmanaged<byte*, nuint, byte*, nuint, int, nuint> CompressOnce =
        (delegate* unmanaged<byte*, nuint, byte*, nuint, int, nuint>)Export("ZSTD_compress");

    private static readonly delegate* unmanaged<nint> CreateContext = (delegate* unmanaged<nint>)Export("ZSTD_createDCtx");

    private static readonly delegate* unmanaged<nint, nuint> FreeContext = (delegate* unmanaged<nint, nuint>)Export("ZSTD_freeDCtx");

    private static readonly delegate* unmanaged<nint, Piece*, Piece*, nuint> DecompressPiece =
        (delegate* unmanaged<nint, Piece*, Piece*, nuint>)Export("ZSTD_decompressStream");

    public static bool IsAvailable => Library != 0;

    public static void Decompress(ReadOnlySpan<byte> source, ref BoundedOutput output)
    {
        ThrowIfMissing();
        var context = CreateContext();
        if (context == 0)
        {
            throw new InvalidOperationException("libzstd gave no decompression context");
        }

        try
        {
            Decompress(context, source, ref output);
        }
        finally
        {
            _ = FreeContext(context);
        }
    }

    public static void Compress(ReadOnlySpan<byte> source, int level, PooledBuffer destination)
    {
        ThrowIfMissing();
        var room = destination.GetSpan(checked((int)CompressBound((nuint)source.Length)));
        fixed (byte* from = source)
        fixed (byte* to = room)
        {
            var written = CompressOnce(to, (nuint)room.Length, from, (nuint)source.Length, level);
            if (IsError(written) != 0)
            {
                throw new InvalidOperationException("libzstd did not compress");
            }

            destination.Advance((int)written);
        }
    }

    private static void Decompress(nint context, ReadOnlySpan<byte> source, ref BoundedOutput output)
    {
        // The decoder says how many more bytes it hopes for: none at the end of a frame.
        nuint hopesFor;
        fixed (byte* from = source)
        {
            var input = new Piece { Bytes = from, Size = (nuint)source.Length };
            while (true)
            {
                var room = output.Room();
                var given = new Piece { Size = (nuint)room.Length };
                fixed (byte* to = room)
                {
                    given.Bytes = to;
                    hopesFor = DecompressPiece(context, &given, &input);
                }

                if (IsError(hopesFor) != 0)
                {
                    throw new MalformedMessageException("damaged zstd");
                }

                output.Advance((int)given.Position);
                if (input.Position == input.Size && (hopesFor == 0 || given.Position < given.Size))
                {
                    break;
                }
            }
        }

        if (hopesFor != 0)
        {
            throw new MalformedMessageException("zstd ends inside a frame");
        }
    }

    private static nint Export(string name) => Library == 0 ? 0 : NativeLibrary.GetExport(Library, name);

    private static void ThrowIfMissing()
    {
        if (!IsAvailable)
        {
            throw new NotSupportedException("zstd needs libzstd.so.1 (Debian: libzstd1), which was not found");
        }
    }

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Piece
    {
        public byte* Bytes;
        public nuint Size;
        public nuint Position;
    }
}
