using System.Globalization;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains;

/// <summary>
/// A broker's silo is named <c>ob-{id}</c>: the name arrives with membership itself, so that who has a silo's entry has the broker's id.
/// </summary>
public static class SiloName
{
    private const string Prefix = "ob-";

    public static string Of(BrokerId broker) => Prefix + broker;

    /// <summary>The broker of a silo; none where the silo is not a broker.</summary>
    public static BrokerId ToBroker(string? name) =>
        name is not null
        && name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? new BrokerId(id)
            : BrokerId.None;
}
