using System.Runtime.InteropServices;

namespace OrleansBroker.Protocol.Records.Compression;

/// <summary>A compression library of the system, found under one of the names that it has on different ones.</summary>
internal static class NativeCodecLibrary
{
    /// <param name="name">Without prefix and suffix: "lz4".</param>
    /// <param name="version">The major version of the interface.</param>
    /// <returns>The library, or 0 where there is none.</returns>
    public static nint Load(string name, int version)
    {
        ReadOnlySpan<string> names =
        [
            $"lib{name}.so.{version}", $"lib{name}.so",
            $"lib{name}.{version}.dylib", $"/opt/homebrew/lib/lib{name}.{version}.dylib", $"/usr/local/lib/lib{name}.{version}.dylib",
            $"lib{name}.dll", $"{name}.dll",
        ];
        foreach (var candidate in names)
        {
            if (NativeLibrary.TryLoad(candidate, out var library))
            {
                return library;
            }
        }

        return 0;
    }
}
