using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansBroker.Abstractions.Client;

/// <summary>Stops the start of an application whose client cannot work, with lines that name what is wrong.</summary>
internal sealed class OrleansBrokerGrainClientOptionsValidator : IValidateOptions<OrleansBrokerGrainClientOptions>
{
    // Neither for ever, in which an application never starts, nor longer than timers can be.
    private static readonly TimeSpan TimeMax = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, OrleansBrokerGrainClientOptions options)
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Cluster))
        {
            problems.Add($"{nameof(options.Cluster)}: not given");
        }

        problems.AddRange(options.Gateways.Where(gateway => !TryParse(gateway, out _)).Select(gateway => $"{nameof(options.Gateways)}: '{gateway}' is not HOST:PORT"));
        if (options.ConnectWithin < TimeSpan.Zero || options.ConnectWithin > TimeMax)
        {
            problems.Add($"{nameof(options.ConnectWithin)} {options.ConnectWithin}: not from 0 to {TimeMax}");
        }

        if (options.ConnectAgainAfter <= TimeSpan.Zero || options.ConnectAgainAfter > TimeMax)
        {
            problems.Add($"{nameof(options.ConnectAgainAfter)} {options.ConnectAgainAfter}: not more than 0 and at most {TimeMax}");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    /// <param name="endpoint">Of an address or of a name.</param>
    internal static bool TryParse(string gateway, out EndPoint? endpoint)
    {
        endpoint = null;
        if (IPEndPoint.TryParse(gateway, out var address))
        {
            endpoint = address.Port > 0 ? address : null;
        }
        else if (gateway.LastIndexOf(':') is > 0 and var colon && int.TryParse(gateway.AsSpan(colon + 1), out var port) && port is > 0 and <= ushort.MaxValue)
        {
            endpoint = Uri.CheckHostName(gateway[..colon]) == UriHostNameType.Dns ? new DnsEndPoint(gateway[..colon], port) : null;
        }

        return endpoint is not null;
    }
}
