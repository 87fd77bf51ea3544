using System.Buffers;

namespace OrleansBroker.Core.Topics;

/// <summary>Which names a topic may have.</summary>
public static class TopicNames
{
    /// <summary>A log directory is named <c>topic-partition</c>, and 255 is what file systems take.</summary>
    public const int LengthMax = 249;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    public static bool IsValid(string name) => Problem(name) is null;

    /// <summary>What is wrong with a name; null where nothing is.</summary>
    public static string? Problem(string name) => name switch
    {
        "" => "Topic name is invalid: it is empty",
        "." or ".." => $"Topic name is invalid: '{name}' is not allowed",
        { Length: > LengthMax } => $"Topic name is invalid: it has {name.Length} characters, more than {LengthMax}",
        _ when name.AsSpan().ContainsAnyExcept(Allowed) => $"Topic name is invalid: '{name}' has characters other than ASCII letters, digits, '.', '_' and '-'",
        _ => null,
    };

    /// <summary>Names that differ only in '.' and '_' collide in the names of metrics: this is the same for both, and null where a name has neither.</summary>
    public static string? CollisionKey(string name) => name.AsSpan().ContainsAny('.', '_') ? name.Replace('.', '_') : null;
}
